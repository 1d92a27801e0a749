from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="FileRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("case", models.CharField(db_index=True, max_length=40)),
                ("digest", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=5)),
                ("name", models.CharField(default="", max_length=120)),
                ("size_bytes", models.IntegerField()),
                ("state", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("case", "digest"), name="files_once_a_case")],
            },
        ),
    ]
