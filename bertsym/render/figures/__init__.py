"""Figures of charts: source for TeX, which takes the fonts of the paper, and pictures by matplotlib.

All back ends share `drawing`: shades and strokes that differ in print without colour (`palette`), ends and ticks of
axes (`axes`), and labels beside points (`placing`). `source` frames a figure, and `pgfplots` or `tikz` draws it.
"""
