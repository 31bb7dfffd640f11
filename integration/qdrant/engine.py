"""engine.py edge|client: Qdrant in this process, by lines of JSON.

Each line of the input is a request, each of the output its answer:
  {"store": {"indexes": [...], "points": [...]}}  replaces the collection  {}
  {"scroll": FILTER}                              {"ids": [...]}
  {"count": FILTER}                               {"count": n}
  {"query": BODY}                                 {"hits": [{"id": n, "payload": {...}}, ...]}
  {"times": {"filter": FILTER, "n": n}}           {"seconds": [...]} of n searches
  {"validate": [MODEL, JSON]}                     {} if the API's schema has it, client only
A request that fails has the answer {"error": "..."}.
"""

import json
import sys
import tempfile
import time

DIMENSION = 8


class Edge:
    """The server's segments. Filters are its own types, made from JSON here."""

    def __init__(self):
        import qdrant_edge

        self.q = qdrant_edge

    def condition(self, c):
        if set(c) == {"key", "match"} and set(c["match"]) == {"any"}:
            return self.q.FieldCondition(c["key"], match=self.q.MatchAny(c["match"]["any"]))
        if set(c) == {"key", "match"} and set(c["match"]) == {"value"}:
            return self.q.FieldCondition(c["key"], match=self.q.MatchValue(c["match"]["value"]))
        if set(c) == {"nested"} and set(c["nested"]) == {"key", "filter"}:
            return self.q.NestedCondition(c["nested"]["key"], self.filter(c["nested"]["filter"]))
        if set(c) == {"is_empty"} and set(c["is_empty"]) == {"key"}:
            return self.q.IsEmptyCondition(c["is_empty"]["key"])
        if set(c) == {"has_id"}:
            return self.q.HasIdCondition(set(c["has_id"]))
        return self.filter(c)

    def filter(self, f):
        if set(f) - {"must", "should", "must_not"}:
            raise ValueError(f"unknown members {sorted(f)}")
        return self.q.Filter(**{name: [self.condition(c) for c in conditions] for name, conditions in f.items()})

    def store(self, indexes, points):
        q = self.q
        self.folder = tempfile.TemporaryDirectory()
        vectors = q.EdgeVectorParams(size=DIMENSION, distance=q.Distance.Dot)
        self.shard = q.EdgeShard.create(self.folder.name, q.EdgeConfig(vectors=vectors))
        for i in indexes:
            if i["field_schema"] != "keyword":
                raise ValueError("unknown schema")
            self.shard.update(q.UpdateOperation.create_field_index(i["field_name"], q.PayloadSchemaType.Keyword))
        for at in range(0, len(points), 1000):
            batch = [q.Point(p["id"], p["vector"], p["payload"]) for p in points[at : at + 1000]]
            self.shard.update(q.UpdateOperation.upsert_points(batch))
        self.shard.optimize()

    def scroll(self, f):
        records, _ = self.shard.scroll(self.q.ScrollRequest(limit=1_000_000, filter=self.filter(f)))
        return [r.id for r in records]

    def count(self, f):
        return self.shard.count(self.q.CountRequest(exact=True, filter=self.filter(f)))

    def query(self, body):
        if set(body) - {"query", "filter", "limit", "with_payload"}:
            raise ValueError(f"unknown members {sorted(body)}")
        request = self.q.SearchRequest(
            query=self.q.Query.Nearest(body["query"]), filter=self.filter(body["filter"]), limit=body.get("limit", 10), with_payload=True
        )
        return [{"id": h.id, "payload": h.payload} for h in self.shard.search(request)]

    def times(self, f, n):
        seconds = []
        for i in range(n):
            began = time.perf_counter()  # what the server does with the request, but for its JSON
            request = self.q.SearchRequest(query=self.q.Query.Nearest([1.0] * DIMENSION), filter=self.filter(f), limit=10)
            self.shard.search(request)
            seconds.append(time.perf_counter() - began)
        return seconds


class Client:
    """The client's local mode, which has the types of the API's schema."""

    def __init__(self):
        from qdrant_client import QdrantClient, models

        self.m, self.client = models, QdrantClient(":memory:")

    def filter(self, f):
        return self.m.Filter.model_validate(f, strict=True)

    def store(self, indexes, points):
        m = self.m
        if self.client.collection_exists("c"):
            self.client.delete_collection("c")
        self.client.create_collection("c", vectors_config=m.VectorParams(size=DIMENSION, distance=m.Distance.DOT))
        for i in indexes:
            m.CreateFieldIndex.model_validate(i)
        self.client.upsert("c", [m.PointStruct(**p) for p in points])

    def scroll(self, f):
        records, _ = self.client.scroll("c", scroll_filter=self.filter(f), limit=1_000_000, with_payload=False)
        return [r.id for r in records]

    def count(self, f):
        return self.client.count("c", count_filter=self.filter(f)).count

    def query(self, body):
        r = self.m.QueryRequest.model_validate(body)
        known = {"query", "using", "prefetch", "filter", "params", "score_threshold", "limit", "offset", "with_payload", "with_vector"}
        arguments = {name: getattr(r, name) for name in r.model_fields_set & known}
        if r.model_fields_set - known:
            raise ValueError("unknown members")
        arguments["query_filter"] = arguments.pop("filter")
        if "with_vector" in arguments:
            arguments["with_vectors"] = arguments.pop("with_vector")
        if "params" in arguments:
            arguments["search_params"] = arguments.pop("params")
        points = self.client.query_points("c", **arguments).points
        return [{"id": p.id, "payload": p.payload} for p in points]

    def validate(self, model, value):
        getattr(self.m, model).model_validate(value)


def answer(engine, request):
    (name, argument), = request.items()
    match name:
        case "store":
            engine.store(**argument)
            return {}
        case "scroll":
            return {"ids": engine.scroll(argument)}
        case "count":
            return {"count": engine.count(argument)}
        case "query":
            return {"hits": engine.query(argument)}
        case "times":
            return {"seconds": engine.times(argument["filter"], argument["n"])}
        case "validate":
            engine.validate(*argument)
            return {}
    raise ValueError("unknown request")


engine = {"edge": Edge, "client": Client}[sys.argv[1]]()
print("{}", flush=True)
for line in sys.stdin:
    try:
        out = answer(engine, json.loads(line))
    except Exception as e:
        out = {"error": f"{type(e).__name__}: {e}"[:500]}
    print(json.dumps(out), flush=True)
