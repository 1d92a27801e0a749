from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('risks', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='inspectionrow',
            name='called_off',
            field=models.DateTimeField(null=True),
        ),
    ]
