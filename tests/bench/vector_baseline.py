"""The baseline of the needle benchmark: what a vector index without a model gives.

The history is cut into chunks of 128 tokens, the words of a chunk are hashed into 256 dimensions, and
the chunks with the largest cosine to the question are recalled."""

import collections
import math
import re
import zlib

CHUNK_TOKENS, DIMENSIONS = 128, 256
WORD = re.compile(r"\w+")


def embed(text):
    """-> the dimensions that are not zero, of length 1"""
    counts = collections.Counter(zlib.crc32(word.encode()) % DIMENSIONS for word in WORD.findall(text.lower()))
    length = math.sqrt(sum(count * count for count in counts.values())) or 1
    return {dimension: count / length for dimension, count in counts.items()}


class VectorIndex:
    def __init__(self, messages, bytes_per_token):
        words, self._chunks, size = [], [], 0
        for message in messages:
            for word in f"{message['role']}: {message['content']}".split():
                words.append(word)
                size += len(word) + 1
                if size >= CHUNK_TOKENS * bytes_per_token:
                    self._chunks.append(" ".join(words))
                    words, size = [], 0
        self._chunks.append(" ".join(words))
        self._vectors = [embed(chunk) for chunk in self._chunks]

    def find(self, question, count):
        asked = embed(question)
        scores = [sum(weight * vector.get(dimension, 0) for dimension, weight in asked.items())
                  for vector in self._vectors]
        best = sorted(range(len(scores)), key=lambda i: -scores[i])[:count]
        return [self._chunks[i] for i in sorted(best)]
