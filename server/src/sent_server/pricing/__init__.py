"""What a message costs. Pure: a rate card in, micros out."""
