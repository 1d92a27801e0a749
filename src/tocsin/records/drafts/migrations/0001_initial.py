from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="DraftRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(max_length=60)),
                ("form", models.CharField(max_length=200)),
                ("fields", models.JSONField(default=list)),
                ("sealed", models.TextField(default="")),
                ("seal_key", models.CharField(default="", max_length=40)),
                ("own_key", models.BooleanField(default=False)),
                ("why", models.CharField(default="", max_length=400)),
                ("kept_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("account", "form"), name="drafts_one_a_form")],
            },
        ),
        migrations.CreateModel(
            name="SentRow",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
