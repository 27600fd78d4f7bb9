"""A FastAPI application that sends, and receives the results.

uvicorn app:app --port 8001
"""

from collections import defaultdict

from fastapi import FastAPI
from pydantic import BaseModel

from sent_dm.integrations.fastapi import SentClient, SentFastAPI

app = FastAPI(title="Sent with FastAPI")
sent = SentFastAPI()  # SENT_DM_API_KEY, SENT_DM_BASE_URL and SENT_DM_WEBHOOK_SECRET
sent.install(app)

history: defaultdict[str, list[str]] = defaultdict(list)


class Welcome(BaseModel):
    to: str
    template_id: str
    parameters: dict[str, str] = {}


@app.post("/welcome", status_code=202)
async def welcome(wanted: Welcome, client: SentClient) -> dict[str, str]:
    answer = await client.messages.send(
        to=[wanted.to], template={"id": wanted.template_id, "parameters": wanted.parameters}
    )
    return {"message_id": answer.data.recipients[0].message_id}


@app.get("/history/{message_id}")
async def told(message_id: str) -> list[str]:
    return history[message_id]


@sent.on("message.status.updated")
async def updated(event) -> None:
    history[event.payload.message_id].append(event.payload.message_status)
