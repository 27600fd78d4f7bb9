"""Routes of django_site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("sent_dm.integrations.django.urls"))]
