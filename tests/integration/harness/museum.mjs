// What the tests of JavaScript clients share: a conversation that the small model can answer, and a
// look at the slots of llama-server.
import assert from 'node:assert/strict';

const { ENGINE_PORT } = process.env;

export const model = 'demo';
export const user = (content) => ({ role: 'user', content });
export const messages = [
  user('Please remember: The vault code of the museum is 7341.'),
  { role: 'assistant', content: 'Okay.' },
  user('What is the vault code of the museum?'),
];

export async function idleWithinASecond() {
  const end = Date.now() + 1000;
  for (;;) {
    const slots = await (await fetch(`http://127.0.0.1:${ENGINE_PORT}/slots`)).json();
    if (slots.every((slot) => !slot.is_processing)) return;
    assert.ok(Date.now() < end, 'a slot still works a second after the client left');
  }
}
