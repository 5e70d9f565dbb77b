"""Tampering on purpose: does the verifier of the audit find it?"""
