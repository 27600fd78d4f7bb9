"""The parts of tools/gen_sdk.py: plan (what is called what), kinds (schema -> Python), and one writer per file kind."""
