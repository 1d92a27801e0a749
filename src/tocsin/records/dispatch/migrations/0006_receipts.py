from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0005_next")]

    operations = [
        migrations.AddField(model_name="deliveryrow", name="delivered_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="deliveryrow", name="acknowledged_at", field=models.DateTimeField(null=True)),
    ]
