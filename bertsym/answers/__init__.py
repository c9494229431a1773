"""Reports, one file per question: the model, the convention, and the answer for readers and for programs."""
