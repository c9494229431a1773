"""Figures of charts: source for pgfplots, which takes the fonts of the paper, and pictures by matplotlib.

Both back ends share `palette` (shades and strokes that differ in print without colour), `axes` (ends, ticks and titles)
and `placing` (labels beside points). A coordinate is a number of the chart as it stands: an integer, or a decimal.
"""
