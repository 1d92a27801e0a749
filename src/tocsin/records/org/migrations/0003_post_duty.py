from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("org", "0002_post_phone")]

    operations = [
        migrations.AddField(model_name="post", name="duty", field=models.CharField(default="", max_length=10)),
    ]
