from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0004_sealed_over'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='handrow',
            index=models.Index(condition=models.Q(('what', 'stands_in')), fields=['case'], name='cases_stands_in'),
        ),
    ]
