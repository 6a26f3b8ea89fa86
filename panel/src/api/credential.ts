import { signal } from '@preact/signals';

/** The token of whoever is looking: in memory alone, so that it ends with the page. */
export const token = signal<string | undefined>(undefined);

/** Whether the server asks who is looking, and why it does not take what it was shown. */
export const loginAsked = signal<'no' | 'asked' | 'refused'>('no');

/** Goes on with a token that a person gave. */
export function showToken(given: string): void {
  token.value = given;
  loginAsked.value = 'no';
}

/** The server did not take the token, or asks for one. */
export function askForLogin(): void {
  loginAsked.value = token.peek() === undefined ? 'asked' : 'refused';
  token.value = undefined;
}

export function logOut(): void {
  token.value = undefined;
  loginAsked.value = 'asked';
}
