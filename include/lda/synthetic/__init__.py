"""Synthetic partners' files and the right answers to every measure, made from a seed. Nobody in them is real."""

from lda.synthetic.sample import SynthesisReport, synthesise

__all__ = ["SynthesisReport", "synthesise"]
