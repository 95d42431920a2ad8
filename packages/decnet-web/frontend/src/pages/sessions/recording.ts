// SPDX-License-Identifier: MIT
/** Gets the recording of a session; it is parsed once, and kept while a page shows it. */

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Problem, problemOf } from "@/api/problem";
import { MOST_BYTES, parseRecording, RecordingError, type Recording } from "@/components/terminal/asciicast";

export function recordingAddress(session: string): string {
  return `/api/v1/sessions/${encodeURIComponent(session)}/recording`;
}

export function useRecording(session: string, enabled: boolean): UseQueryResult<Recording, Problem> {
  return useQuery<Recording, Problem>({
    queryKey: ["recording", session],
    queryFn: async ({ signal }) => parsed(await fetched(session, signal)),
    enabled,
    staleTime: Infinity,
    retry: false,
  });
}

async function fetched(session: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(recordingAddress(session), { credentials: "same-origin", signal });
  if (!response.ok || !response.body) throw await problemOf(response);
  return bounded(response.body);
}

/** Read no more than a player shows, however long the file is. */
async function bounded(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  const pieces: string[] = [];
  let length = 0;
  while (length <= MOST_BYTES) {
    const { done, value } = await reader.read();
    if (done) return pieces.join("") + decoder.decode();
    pieces.push(decoder.decode(value, { stream: true }));
    length += pieces.at(-1)?.length ?? 0;
  }
  await reader.cancel();
  return pieces.join("");
}

function parsed(text: string): Recording {
  try {
    return parseRecording(text);
  } catch (error) {
    if (error instanceof RecordingError) throw new Problem(0, "", error.message);
    throw error;
  }
}
