"""Which channels a message takes, in which order, and why. Pure: values in, values out."""
