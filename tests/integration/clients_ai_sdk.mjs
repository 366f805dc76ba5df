// The AI SDK (npm ai with @ai-sdk/openai), which speaks the Responses API unless told otherwise.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { messages } from './harness/museum.mjs';

const require = createRequire(process.env.CLIENTS);
const { createOpenAI } = require('@ai-sdk/openai');
const { generateText, streamText } = require('ai');

const openai = createOpenAI({ baseURL: `${process.env.KEEP_URL}/v1`, apiKey: 'none' });
const ask = (model) => ({ model, messages, temperature: 0, maxOutputTokens: 24, maxRetries: 0 });

for (const [name, model] of [['responses', openai.responses('demo')], ['chat', openai.chat('demo')]]) {
  test(`ai sdk: ${name}, whole`, async () => {
    const answer = await generateText(ask(model));
    assert.match(answer.text, /7341/);
    assert.equal(answer.finishReason, 'stop');
    assert.ok(answer.usage.outputTokens > 0);
  });

  test(`ai sdk: ${name}, stream`, async () => {
    const errors = [];
    const stream = streamText({ ...ask(model), onError: ({ error }) => errors.push(error) });
    let text = '';
    for await (const piece of stream.textStream) text += piece;
    assert.deepEqual(errors, []);
    assert.match(text, /7341/);
    assert.equal(await stream.finishReason, 'stop');
  });

  test(`ai sdk: ${name}, cut`, async () => {
    const answer = await generateText({ ...ask(model), maxOutputTokens: 2 });
    assert.equal(answer.finishReason, 'length');
  });

  test(`ai sdk: ${name}, the answer is in the next prompt`, async () => {
    const first = await generateText(ask(model));
    const next = { role: 'user', content: 'And again?' };
    const said = await generateText({ ...ask(model),
      messages: [...messages, { role: 'assistant', content: first.text }, next] });
    // With ids of items in place of the items, where the SDK knows them.
    const referred = await generateText({ ...ask(model),
      messages: [...messages, ...first.response.messages, next] });
    assert.equal(referred.usage.inputTokens, said.usage.inputTokens);
  });
}
