"""Parts for frameworks. Each needs its extra, such as sentdm[celery]; nothing else in the SDK imports them."""
