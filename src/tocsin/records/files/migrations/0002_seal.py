from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("files", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="filerow",
            name="name",
            field=models.CharField(default="", max_length=700),
        ),
        migrations.AddField(
            model_name="filerow",
            name="mark",
            field=models.CharField(default="", max_length=64),
        ),
    ]
