from django.contrib import admin
from django.urls import include, path

from shop import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("orders/confirm/", views.confirm),
    path("", include("sent_dm.integrations.django.urls")),
]
