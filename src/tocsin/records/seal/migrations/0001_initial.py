import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='CertificateRow',
            fields=[
                ('subject', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64)),
                ('facts', models.JSONField()),
                ('at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='DataKeyRow',
            fields=[
                ('id', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('subject', models.CharField(max_length=60)),
                ('era', models.CharField(db_index=True, max_length=16)),
                ('wrapped', models.BinaryField()),
                ('made_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='EraRow',
            fields=[
                ('era', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('since', models.DateTimeField()),
                ('replaced_at', models.DateTimeField(null=True)),
                ('forgotten_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='VaultRow',
            fields=[
                ('event', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('seal_key', models.CharField(max_length=40)),
                ('salt', models.CharField(max_length=32)),
                ('jurisdiction', models.CharField(default='', max_length=200)),
                ('made_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('kept_until', models.DateTimeField(null=True)),
                ('kept_why', models.TextField(default='')),
            ],
        ),
        migrations.CreateModel(
            name='VaultItemRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('words', models.TextField()),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=120)),
                ('vault', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='seal.vaultrow')),
            ],
        ),
    ]
