from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sent_dm", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="sentmessage",
            name="text",
            field=models.TextField(blank=True, default="", verbose_name="Text"),
        ),
        migrations.AddField(
            model_name="sentmessage",
            name="scheduled_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="Scheduled at"),
        ),
    ]
