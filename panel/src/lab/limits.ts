/** Bounds of the laboratory's page. */
export const labPageLimits = {
  /** Of the bodies of messages that the page keeps to show; of later ones it says that they are in the recording. */
  bodyCharacters: 64 * 1024 * 1024,
  /** Lines of one message's JSON that are shown at first, and for each "more". */
  jsonLines: 200,
  /** Characters of a text in one line of a list. */
  lineCharacters: 160,
  /** Characters of the reason of a refusal, beside the form that asked. */
  reasonCharacters: 600,
  /** Types of messages in the legend: a file may have as many as messages. */
  typesShown: 60,
  /** Lines of the way of one message: a file may say that it came any number of times. */
  journeyRows: 100,
  /** Rows of the list that exist at once. */
  listRows: 80,
  /** Answers to calls that stay in sight. */
  answersShown: 20,
  /** Repair conversations that stay in sight, the latest first. */
  conversations: 50,
  /** How often the state of the servers is asked for, ms. */
  situationMs: 1500,
  /** Wait before the stream of events is opened again, ms: first and longest. */
  reconnectMs: 500,
  reconnectMsMax: 5000,
  /** A stream that says nothing for so long is given up: it says that it lives every 15 s. */
  silenceMs: 40_000,
  /** Answer to an action: starting three servers takes a while. */
  actionMs: 90_000,
} as const;
