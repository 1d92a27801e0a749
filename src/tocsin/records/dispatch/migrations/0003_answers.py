import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0002_longer_addresses")]

    operations = [
        migrations.AddField(
            model_name="dispatchrow",
            name="asks",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="AnswerRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=60, unique=True)),
                ("recipient", models.CharField(max_length=80)),
                ("via", models.CharField(max_length=10)),
                ("answered_at", models.DateTimeField()),
                (
                    "dispatch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="dispatch.dispatchrow"
                    ),
                ),
            ],
        ),
    ]
