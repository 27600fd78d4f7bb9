"""Sent, self-hosted: one API for SMS, WhatsApp and RCS."""

__version__ = "0.1.0"
