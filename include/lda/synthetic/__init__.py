"""Synthetic partners' files and the right answers to every measure, made from a seed. Nobody in them is real."""

from lda.synthetic.sample import SampleError, SynthesisReport, synthesise, why_no_sample

__all__ = ["SampleError", "SynthesisReport", "synthesise", "why_no_sample"]
