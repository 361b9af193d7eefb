"""An answer held against the document: whether its status is declared for the operation, and its body of the declared kind
and shape."""
import schema


def faults(op, answer):
    """What is wrong with it, in words."""
    content = op.answer_content(answer.status)
    if content is None:
        yield f"{op.id} does not document the status {answer.status}"
    elif not answer.body:
        if content:
            yield "there is no body, but the document has one"
    else:
        kind = answer.headers["Content-Type"].split(";")[0]
        if kind not in content:
            yield f"{kind} is not among {sorted(content)}"
        elif kind.endswith("json") and kind != "application/x-ndjson":
            for pointer, fault in schema.faults(answer.json, content[kind]["schema"], op.document):
                yield f"{pointer or '/'}: {fault}"
