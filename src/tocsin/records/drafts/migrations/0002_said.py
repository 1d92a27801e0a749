from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('drafts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='draftrow',
            name='said',
            field=models.JSONField(default=list),
        ),
    ]
