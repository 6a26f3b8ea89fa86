/** Messages of the system and the library about a connection, for people. The code is shown beside them. */
const TEXTS: readonly (readonly [begin: RegExp, text: string])[] = [
  [/ECONNREFUSED/, 'conexão recusada: ninguém escuta nesse endereço'],
  [/ECONNRESET/, 'o outro lado cortou a conexão'],
  [/EPIPE/, 'o outro lado fechou a conexão'],
  [/ETIMEDOUT/, 'sem resposta'],
  [/EHOSTUNREACH|ENETUNREACH/, 'não há caminho até esse endereço'],
  [/ENOTFOUND|EAI_AGAIN/, 'ninguém conhece esse nome'],
  [/Keepalive timeout/i, 'o broker não dá sinal de vida'],
  [/Not authorized/i, 'sem autorização'],
  [/Bad username or password/i, 'usuário ou senha errados'],
  [/Identifier rejected/i, 'identificador de cliente recusado'],
  [/Server unavailable/i, 'o broker diz que não atende agora'],
  [/Unacceptable protocol version/i, 'o broker não fala MQTT 3.1.1'],
];

/** A failure in Portuguese, or the original detail where no translation is known. */
export function failureText(code: string, detail: string): string {
  const known = TEXTS.find(([begin]) => begin.test(detail) || begin.test(code));
  if (!known) return detail;
  const [errno] = /\bE[A-Z]{3,}(?:_[A-Z]+)?\b/.exec(detail) ?? [];
  return errno === undefined ? known[1] : `${known[1]} (${errno})`;
}

/**
 * What to do about a broker that will go on refusing; `undefined` for failures that pass.
 * @param showsCredentials whether user and password were sent
 */
export function refusalAdvice(code: string, showsCredentials: boolean): string | undefined {
  switch (code) {
    case 'CONNACK_4':
    case 'CONNACK_5':
      return showsCredentials
        ? 'o broker não aceita o usuário e a senha de --broker-credenciais: corrija o arquivo e mande SIGHUP'
        : 'o broker pede usuário e senha: diga --broker-credenciais ARQUIVO, com usuario:senha na primeira linha';
    case 'CONNACK_1':
      return 'o broker não fala MQTT 3.1.1, que é preciso';
    case 'CONNACK_2':
      return 'o broker não aceita o identificador de cliente deste servidor: ele precisa aceitar 200 caracteres, também ":"';
    case 'SEM_QOS_1':
      return 'o broker só leva QoS 0, e é preciso QoS 1: no Mosquitto, max_qos 1 (ou 2) para este endereço';
    case 'ASSINATURA_RECUSADA':
      return 'o broker não deixa este servidor assinar os tópicos da frota: confira as permissões (ACL) dele';
    default:
      return undefined;
  }
}
