"""A Flask application that sends, and receives the results.

flask --app app run --port 8002
"""

from collections import defaultdict

from flask import Flask, jsonify, request

from sent_dm import APIStatusError
from sent_dm.integrations.flask import SentExtension

app = Flask(__name__)
sent = SentExtension(app)  # SENT_DM_API_KEY, SENT_DM_BASE_URL and SENT_DM_WEBHOOK_SECRET

history: defaultdict[str, list[str]] = defaultdict(list)


@app.post("/welcome")
def welcome():
    wanted = request.get_json()
    answer = sent.client.messages.send(
        to=[wanted["to"]], template={"id": wanted["template_id"], "parameters": wanted.get("parameters", {})}
    )
    return jsonify(message_id=answer.data.recipients[0].message_id), 202


@app.get("/history/<message_id>")
def told(message_id: str):
    return jsonify(history[message_id])


@app.errorhandler(APIStatusError)
def refused(error: APIStatusError):
    return jsonify(error=error.message, code=error.code), error.status_code


@sent.on("message.status.updated")
def updated(event) -> None:
    history[event.payload.message_id].append(event.payload.message_status)
