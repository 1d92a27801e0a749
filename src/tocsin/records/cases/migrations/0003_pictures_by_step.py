from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_seal'),
    ]

    operations = [
        migrations.AddField(
            model_name='documentrow',
            name='step',
            field=models.CharField(default='', max_length=40),
        ),
        migrations.RemoveConstraint(
            model_name='documentrow',
            name='cases_document_once',
        ),
        migrations.AddConstraint(
            model_name='documentrow',
            constraint=models.UniqueConstraint(fields=('case', 'digest', 'step'), name='cases_document_once_a_step'),
        ),
    ]
