"""A Merkle tree over all roots. The roots that there are already are put into it in their order."""

from typing import Any

from django.db import migrations, models

from tocsin.records.ledger.merkle import grown, root_of_peaks


def plant(apps: Any, schema_editor: Any) -> None:
    roots, size, peaks = apps.get_model("ledger", "LedgerRoot"), 0, list[str]()
    for number, hashed in roots.objects.order_by("number").values_list("number", "hash").iterator(chunk_size=2000):
        size, peaks = grown(size, peaks, [bytes.fromhex(hashed)])
        roots.objects.filter(number=number).update(tree=root_of_peaks(peaks))
    apps.get_model("ledger", "LedgerTree").objects.create(id=1, size=size, peaks=peaks)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="LedgerTree",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField()),
                ("peaks", models.JSONField()),
            ],
        ),
        migrations.AddField(
            model_name="ledgerroot", name="tree", field=models.CharField(default="", max_length=64), preserve_default=False
        ),
        migrations.RunPython(plant, migrations.RunPython.noop),
    ]
