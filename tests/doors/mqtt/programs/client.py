"""What a program of Eclipse Paho sees of a fleet: argv is port, protocol (4 or 5), greatest QoS. Prints JSON."""
import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, protocol, qos = (int(word) for word in sys.argv[1:4])
ROOT = "kvs/padrao/"
KEYS = f"paho{protocol}"
came = queue.Queue()
client = mqtt.Client(client_id=f"paho-{protocol}", protocol=protocol)
client.on_message = lambda _client, _data, message: came.put(message)
client.on_connect = lambda *_: came.put(None)
client.on_subscribe = lambda *_: came.put(None)


def wait(topic, wanted=None):
    """The next message on a topic, with a payload if one is named; others are left out."""
    while True:
        message = came.get(timeout=20)
        if message is not None and message.topic == topic and wanted in (None, message.payload.decode()):
            return message


def subscribe(*filters):
    for each in filters:
        client.subscribe(each, qos)
        while came.get(timeout=20) is not None:
            pass


def publish(topic, payload, with_qos=1, properties=None):
    client.publish(topic, payload, with_qos, False, properties).wait_for_publish(20)


def ask(name, question):
    payload = json.dumps(question)
    if protocol == mqtt.MQTTv5:
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = "paho/respostas"
        properties.CorrelationData = name.encode()
        publish(ROOT + "pede", payload, 1, properties)
        answer = wait("paho/respostas")
        assert answer.properties.CorrelationData == name.encode()
    else:
        publish(f"{ROOT}pede/paho/{name}", payload)
        answer = wait(f"{ROOT}resposta/paho/{name}")
    return json.loads(answer.payload)


client.connect("127.0.0.1", port)
client.loop_start()
came.get(timeout=20)
subscribe(f"{ROOT}valor/{KEYS}/#", "paho/respostas", ROOT + "resposta/paho/+", f"{ROOT}recusa/{KEYS}/#")
seen = {}
for level in range(qos + 1):
    publish(f"{ROOT}grava/{KEYS}/{level}", f"em QoS {level}", level)
    value = wait(f"{ROOT}valor/{KEYS}/{level}")
    seen[f"valor {level}"] = value.payload.decode()
    if protocol == mqtt.MQTTv5:
        names = dict(value.properties.UserProperty)
        seen[f"propriedades {level}"] = sorted(names)
        seen[f"versao {level}"] = names["versao"]
publish(f"{ROOT}grava/{KEYS}/%2F", "x")
seen["recusa"] = json.loads(wait(f"{ROOT}recusa/{KEYS}/%2F").payload)["codigo"]
seen["insere"] = ask("a", {"op": "insere", "chave": f"{KEYS}/0", "valor": "de novo"})["versao"]
wait(f"{ROOT}valor/{KEYS}/0", "de novo")
seen["historico"] = [line["valor"] for line in ask("b", {"op": "historico", "chave": f"{KEYS}/0"})["linhas"]]
seen["nada"] = ask("c", {"op": "consulta", "chave": f"{KEYS}/nada"})["codigo"]
publish(f"{ROOT}remove/{KEYS}/0", "*")
seen["removido"] = wait(f"{ROOT}valor/{KEYS}/0").payload.decode()
client.disconnect()
client.loop_stop()
print(json.dumps(seen))
