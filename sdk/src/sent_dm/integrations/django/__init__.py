"""A Django app: a client made from the settings, records of what was sent, verified webhooks that keep them up to date.

    INSTALLED_APPS = [..., "sent_dm.integrations.django"]
    SENT_DM_API_KEY = os.environ["SENT_DM_API_KEY"]
    SENT_DM_WEBHOOK_SECRET = os.environ["SENT_DM_WEBHOOK_SECRET"]

    urlpatterns = [..., path("", include("sent_dm.integrations.django.urls"))]

Needs the extra sentdm[django]; the module `tasks`, which only Celery loads, sentdm[celery] too.
"""
