"""KIKI_KEY=… python3 syncvalue.py TARGET [CUSTOMER] [--demo]

Asks a SyncValue of which nothing is known beforehand: what services it has, whether it is healthy, what a customer is
worth and why. `--demo` sends a small made-up order log first and fits a model to it. Prints one line of JSON.
"""

import calendar
import json
import os
import sys

import grpc
from google.protobuf import json_format
from reflection import ReflectedServer

SERVICE = "kiki.syncvalue.v1.SyncValueService"


def demo_log():
    """150 customers over two years, the same in every language."""
    start = calendar.timegm((2024, 1, 1, 0, 0, 0))
    for customer in range(1, 151):
        for n in range(1 + customer * customer % 7):
            day = customer * 37 % 300 + n * (5 + customer * 11 % 50)
            yield {
                "customer_id": f"customer-{customer}",
                "occurred_at": {"seconds": start + day * 86_400},
                "amount_micros": 10_000_000 + (customer * 7_919 + n * 104_729) % 40_000 * 1000,
                "currency": "EUR",
                "kind": "TRANSACTION_KIND_PURCHASE",
            }


def ingest(value, rows, **options):
    chunks = (
        value.request("IngestTransactions", transactions=rows[at : at + 100]) for at in range(0, len(rows), 100)
    )
    return value.client_stream("IngestTransactions", chunks, timeout=60, **options)


def fit(value, **options):
    model = None
    for update in value.server_stream("FitModel", value.request("FitModel"), timeout=60, **options):
        if update.HasField("model"):
            model = update.model
    return model


def main(target, key, customer_id, is_demo):
    options = {"metadata": (("authorization", f"Bearer {key}"),)}
    with grpc.insecure_channel(target) as channel:
        server = ReflectedServer(channel)
        health = server.client("grpc.health.v1.Health")
        checked = health.unary("Check", health.request("Check", service=SERVICE), timeout=10)
        printed = {
            "services": server.services(),
            "health": json_format.MessageToDict(checked)["status"],
        }
        value = server.client(SERVICE)
        if is_demo:
            report = ingest(value, list(demo_log()), **options)
            printed["received"] = str(report.received_count)
            printed["modelVersion"] = fit(value, **options).model_version
        ask = {"customer": {"customer_id": customer_id}}
        predicted = value.unary("Predict", value.request("Predict", **ask), timeout=10, **options)
        explained = value.unary("Explain", value.request("Explain", **ask), timeout=10, **options)
        printed.update(
            expectedPurchases=predicted.prediction.expected_purchases,
            ltvMicros=str(predicted.prediction.ltv_micros),
            currency=predicted.prediction.currency,
            value=explained.explanation.factors.value,
            contributions=[[one.feature, one.value_delta] for one in explained.explanation.contributions],
            sentence=explained.explanation.sentence,
        )
    print(json.dumps(printed))


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--demo"]
    # Not an argument: every user of a machine sees those of all its processes.
    key = os.environ.get("KIKI_KEY")
    if len(arguments) not in (1, 2) or not key:
        print("usage: KIKI_KEY=… python3 syncvalue.py TARGET [CUSTOMER] [--demo]", file=sys.stderr)
        sys.exit(2)
    main(arguments[0], key, (arguments + ["customer-1"])[1], "--demo" in sys.argv)
