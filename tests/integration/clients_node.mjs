// The official npm packages, openai and @anthropic-ai/sdk, as applications use them.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { idleWithinASecond, messages, model, user } from './harness/museum.mjs';

const require = createRequire(process.env.CLIENTS);
const OpenAI = require('openai');
const Anthropic = require('@anthropic-ai/sdk');

const { KEEP_URL } = process.env;
const openai = new OpenAI({ baseURL: `${KEEP_URL}/v1`, apiKey: 'none', maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: KEEP_URL, apiKey: 'none', maxRetries: 0 });

const chat = { model, messages, temperature: 0, max_tokens: 24 };
const long = { ...chat, max_tokens: 900, ignore_eos: true };
const tool = { name: 'find_code', description: 'Finds a code.', input_schema: {
  type: 'object', properties: { place: { type: 'string' } } } };

const textOf = (message) => message.content.filter((block) => block.type === 'text')
  .map((block) => block.text).join('');

test('openai: whole answer', async () => {
  const answer = await openai.chat.completions.create(chat);
  assert.match(answer.choices[0].message.content, /7341/);
  assert.equal(answer.choices[0].finish_reason, 'stop');
});

test('openai: stream', async () => {
  const whole = await openai.chat.completions.create(chat);
  let text = '';
  let usage;
  const stream = await openai.chat.completions.create(
    { ...chat, stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(usage.completion_tokens, whole.usage.completion_tokens);
});

test('openai: leaving a stream', async () => {
  const stream = await openai.chat.completions.create({ ...long, stream: true });
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content) break;
  }
  await idleWithinASecond();
});

test('openai: abort of a whole answer', async () => {
  const controller = new AbortController();
  const answer = openai.chat.completions.create(long, { signal: controller.signal });
  setTimeout(() => controller.abort(), 100);
  await assert.rejects(answer, OpenAI.APIUserAbortError);
  await idleWithinASecond();
});

test('openai: response and its stream', async () => {
  const ask = { model, input: messages, temperature: 0, max_output_tokens: 24 };
  const whole = await openai.responses.create(ask);
  assert.match(whole.output_text, /7341/);
  assert.equal(whole.status, 'completed');
  const stream = openai.responses.stream(ask);
  const kinds = [];
  for await (const event of stream) kinds.push(event.type);
  const final = await stream.finalResponse();
  assert.equal(final.output_text, whole.output_text);
  assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
  assert.equal(kinds[0], 'response.created');
  assert.equal(kinds.at(-1), 'response.completed');
});

test('openai: error class', async () => {
  const bad = openai.chat.completions.create({ model, messages: 'hello' });
  await assert.rejects(bad, (error) => error instanceof OpenAI.BadRequestError && error.message.length > 4);
});

test('anthropic: whole message', async () => {
  const message = await anthropic.messages.create(chat);
  assert.match(textOf(message), /7341/);
  assert.equal(message.type, 'message');
  assert.equal(message.role, 'assistant');
  assert.equal(message.stop_reason, 'end_turn');
  assert.ok(message.usage.output_tokens > 0);
});

test('anthropic: stream and final message', async () => {
  const whole = await anthropic.messages.create(chat);
  const stream = anthropic.messages.stream(chat);
  const kinds = [];
  let text = '';
  stream.on('streamEvent', (event) => kinds.push(event.type));
  stream.on('text', (piece) => { text += piece; });
  const message = await stream.finalMessage();
  assert.equal(text, textOf(whole));
  assert.equal(textOf(message), text);
  assert.equal(message.usage.output_tokens, whole.usage.output_tokens);
  const order = kinds.filter((kind, i) => kind !== 'ping' && kind !== kinds[i - 1]);
  assert.deepEqual(order, ['message_start', 'content_block_start', 'content_block_delta',
    'content_block_stop', 'message_delta', 'message_stop']);
});

test('anthropic: second turn reads the cache', async () => {
  const first = await anthropic.messages.create({ ...chat, messages: [user('My dog\'s name is Bruno.')] });
  const second = await anthropic.messages.create({ ...chat, messages: [
    user('My dog\'s name is Bruno.'), { role: 'assistant', content: first.content }, user('Hello.')] });
  assert.equal(second.usage.cache_read_input_tokens,
    first.usage.input_tokens + (first.usage.cache_read_input_tokens ?? 0) + first.usage.output_tokens - 1);
});

test('anthropic: system blocks', async () => {
  const message = await anthropic.messages.create({ ...chat, messages: [messages[2]], system: [
    { type: 'text', text: 'The vault code of the museum is 7341.' },
    { type: 'text', text: 'You are kind.', cache_control: { type: 'ephemeral' } }] });
  const plain = await anthropic.messages.create({ ...chat, messages: [messages[2]] });
  const all = ({ usage }) => usage.input_tokens + (usage.cache_read_input_tokens ?? 0);
  assert.ok(all(message) > all(plain) + 15, 'both blocks are in the prompt');
});

test('anthropic: tools and tool results', async () => {
  const message = await anthropic.messages.create({ ...chat, tools: [tool], messages: [
    messages[2],
    { role: 'assistant', content: [
      { type: 'tool_use', id: 'toolu_1', name: 'find_code', input: { place: 'museum' } }] },
    { role: 'user', content: [
      { type: 'tool_result', tool_use_id: 'toolu_1', content: 'The vault code of the museum is 7341.' }] },
  ] });
  assert.equal(message.type, 'message');
  assert.ok(message.usage.output_tokens > 0);
});

test('anthropic: count of tokens', async () => {
  const { input_tokens: counted } = await anthropic.messages.countTokens({ model, messages });
  const { usage } = await anthropic.messages.create(chat);
  assert.equal(counted, usage.input_tokens + (usage.cache_read_input_tokens ?? 0));
});

test('anthropic: stop sequence and length', async () => {
  const stopped = await anthropic.messages.create({ ...chat, stop_sequences: ['7341'] });
  assert.equal(stopped.stop_reason, 'stop_sequence');
  assert.equal(stopped.stop_sequence, '7341');
  const cut = await anthropic.messages.create({ ...chat, max_tokens: 3 });
  assert.equal(cut.stop_reason, 'max_tokens');
});

test('anthropic: error class', async () => {
  for (const stream of [false, true]) {
    const bad = anthropic.messages.create({ model, max_tokens: 8, stream, messages: 'hello' });
    await assert.rejects(bad, (error) => error instanceof Anthropic.BadRequestError &&
      error.error.type === 'error' && error.error.error.type === 'invalid_request_error');
  }
});

test('anthropic: abort of a stream', async () => {
  const stream = anthropic.messages.stream(long);
  stream.on('text', () => stream.abort());
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
  await idleWithinASecond();
});
