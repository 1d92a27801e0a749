from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0004_holding")]

    operations = [
        migrations.AddField(
            model_name="dispatchrow", name="claimed_by", field=models.CharField(default="", max_length=40)
        ),
        migrations.AddField(model_name="dispatchrow", name="claimed_until", field=models.DateTimeField(null=True)),
        migrations.RemoveIndex(model_name="dispatchrow", name="dispatch_waiting"),
        migrations.AddIndex(
            model_name="dispatchrow",
            index=models.Index(
                condition=models.Q(("settled_at", None)),
                fields=["channel", "-level", "put_at", "id", "not_before", "claimed_until", "claimed_by"],
                name="dispatch_next",
            ),
        ),
    ]
