// The npm package ollama, as applications use it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { idleWithinASecond, messages, model } from './harness/museum.mjs';

const require = createRequire(process.env.CLIENTS);
const { Ollama } = require('ollama');

const { KEEP_URL } = process.env;
const ollama = new Ollama({ host: KEEP_URL });

const chat = { model, messages, options: { temperature: 0, num_predict: 24 } };

test('ollama: whole answer', async () => {
  const answer = await ollama.chat(chat);
  assert.match(answer.message.content, /7341/);
  assert.equal(answer.done_reason, 'stop');
  assert.ok(answer.eval_count > 0 && answer.eval_duration > 0);
});

test('ollama: stream', async () => {
  const whole = await ollama.chat(chat);
  let text = '';
  let last;
  for await (const part of await ollama.chat({ ...chat, stream: true })) {
    text += part.message.content;
    last = part;
  }
  assert.equal(text, whole.message.content);
  assert.equal(last.eval_count, whole.eval_count);
});

test('ollama: leaving a stream', async () => {
  const stream = await ollama.chat({ ...chat, stream: true, ignore_eos: true, options: { num_predict: 900 } });
  await assert.rejects(async () => {
    for await (const part of stream) {
      assert.equal(part.done, false);
      stream.abort();
    }
  }, { name: 'AbortError' });
  await idleWithinASecond();
});

test('ollama: generate', async () => {
  const asked = { model, prompt: 'What is the vault code?', options: chat.options };
  const whole = await ollama.generate(asked);
  let text = '';
  for await (const part of await ollama.generate({ ...asked, stream: true })) text += part.response;
  assert.ok(whole.response.length > 0);
  assert.equal(text, whole.response);
});

test('ollama: models', async () => {
  const { models } = await ollama.list();
  assert.equal(models.length, 1);
  const shown = await ollama.show({ model: models[0].name });
  assert.ok(shown.capabilities.includes('completion'));
  assert.ok(shown.model_info[`${shown.model_info['general.architecture']}.context_length`] > 0);
  assert.equal((await ollama.ps()).models.length, 1);
  assert.match((await ollama.version()).version, /^\d+\.\d+\.\d+$/);
});

test('ollama: errors', async () => {
  for (const stream of [false, true]) {
    await assert.rejects(ollama.chat({ ...chat, format: 'yaml', stream }),
      { status_code: 400, message: /^'format' must be/ });
  }
  await assert.rejects(ollama.pull({ model }), { status_code: 501 });
});
