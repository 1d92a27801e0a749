import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='caserow',
            name='purged_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='documentrow',
            name='mark',
            field=models.CharField(default='', max_length=64),
        ),
        migrations.AddIndex(
            model_name='caserow',
            index=models.Index(condition=models.Q(('seal_key', ''), _negated=True), fields=['over_at'], name='cases_to_purge'),
        ),
        migrations.CreateModel(
            name='CountsRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=110)),
                ('month', models.CharField(max_length=7)),
                ('body', models.JSONField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'month'), name='cases_counts_once')],
            },
        ),
        migrations.CreateModel(
            name='ReadingRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('post', models.CharField(max_length=60)),
                ('account', models.CharField(max_length=120)),
                ('purpose', models.CharField(max_length=40)),
                ('why', models.TextField(default='')),
                ('asked_at', models.DateTimeField()),
                ('second', models.CharField(default='', max_length=120)),
                ('at', models.DateTimeField(null=True)),
                ('until', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='cases.caserow')),
            ],
        ),
    ]
