from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("org", "0001_initial")]

    operations = [
        migrations.AddField(model_name="post", name="phone", field=models.CharField(default="", max_length=20)),
    ]
