"""Findings become cases of the kernel, under the ids they have: addresses, ledger chains and links of events stay. The old tables
go on as an archive (``rectify_archivedfindingrow``, ``rectify_archivedphotorow``) that no code reads."""

from django.db import migrations, models

from tocsin.loop.rectify import old_findings


class Migration(migrations.Migration):

    dependencies = [
        ('rectify', '0002_look_back'),
        ('cases', '0003_pictures_by_step'),
        ('places', '0003_jurisdiction_population'),
        ('org', '0003_post_duty'),
    ]

    operations = [
        migrations.RenameModel('FindingRow', 'ArchivedFindingRow'),
        migrations.RenameModel('PhotoRow', 'ArchivedPhotoRow'),
        migrations.CreateModel(
            name='WorkRow',
            fields=[
                ('case', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('verification', models.CharField(db_index=True, default='', max_length=40)),
                ('operator', models.CharField(default='', max_length=60)),
                ('orders', models.IntegerField(default=0)),
                ('ordered_at', models.DateTimeField(null=True)),
                ('ordered_by', models.CharField(default='', max_length=120)),
                ('task', models.CharField(default='', max_length=40)),
                ('overdue_at', models.DateTimeField(null=True)),
                ('planned_at', models.DateTimeField(null=True)),
                ('planned_by', models.CharField(default='', max_length=120)),
                ('fixed_at', models.DateTimeField(null=True)),
                ('fixed_by', models.CharField(default='', max_length=120)),
                ('asks', models.BooleanField(default=False)),
                ('recheck_task', models.CharField(default='', max_length=40)),
                ('recheck_post', models.CharField(default='', max_length=60)),
                ('rechecked_at', models.DateTimeField(null=True)),
                ('rechecked_by', models.CharField(default='', max_length=120)),
                ('recheck_said', models.CharField(default='', max_length=10)),
                ('closed_by', models.CharField(default='', max_length=120)),
                ('look_back_on', models.DateField(null=True)),
                ('look_back_task', models.CharField(default='', max_length=40)),
                ('look_back_post', models.CharField(default='', max_length=60)),
                ('looked_back_at', models.DateTimeField(null=True)),
                ('looked_back_by', models.CharField(default='', max_length=120)),
                ('look_back_said', models.CharField(default='', max_length=10)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('asks', True)), fields=['fixed_at'], name='rectify_asks'), models.Index(condition=models.Q(('look_back_task', ''), ('looked_back_at', None)), fields=['look_back_on'], name='rectify_looks_back')],
            },
        ),
        migrations.RunPython(old_findings.forwards, old_findings.backwards),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel('ArchivedPhotoRow'),
                migrations.DeleteModel('ArchivedFindingRow'),
            ],
        ),
    ]
