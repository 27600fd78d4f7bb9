import json

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sent_dm import APIError
from sent_dm.integrations.django.sending import send_message


@csrf_exempt  # only here, to make it easy to try with curl
@require_POST
def confirm(request: HttpRequest) -> JsonResponse:
    order = json.loads(request.body)
    try:
        message = send_message(order["phone_number"], order["template_id"], order.get("variables"))
    except APIError as error:
        return JsonResponse({"error": str(error)}, status=502)
    return JsonResponse({"id": message.id, "message_id": message.sent_id, "status": message.status}, status=202)
