// One frame's landmarks as the server takes them (docs/protocol.md): numbers alone, and nothing for a hidden part.
const VERSION = 1, HEAD = 18, COORDINATE = 8192, MOST = 32767, SHARE = 65535;
const PARTS = ["pose", "face", "left_hand", "right_hand"], EMOTION_BIT = 16;

// frame: { seconds, aspect, pose, face, left_hand, right_hand, emotion: { quality, probabilities } }, where a part is a
// list of points or null. Gives an ArrayBuffer.
export function pack(frame) {
  const parts = PARTS.map((name) => frame[name]), { emotion } = frame;
  const values = parts.flatMap((part) => (part ? part.flat() : []));
  const shares = emotion ? [emotion.quality, ...emotion.probabilities] : [];
  const view = new DataView(new ArrayBuffer(HEAD + 2 * (values.length + shares.length)));
  [..."KSL"].forEach((letter, i) => view.setUint8(i, letter.charCodeAt(0)));
  view.setUint8(3, VERSION);
  view.setFloat64(4, frame.seconds, true);
  view.setFloat32(12, frame.aspect, true);
  const bits = parts.reduce((sum, part, n) => sum + (part ? 1 << n : 0), 0) + (emotion ? EMOTION_BIT : 0);
  view.setUint16(16, bits, true);
  values.forEach((value, i) => {
    view.setInt16(HEAD + 2 * i, Math.min(MOST, Math.max(-MOST, Math.round(value * COORDINATE))), true);
  });
  shares.forEach((value, i) => view.setUint16(HEAD + 2 * (values.length + i), Math.round(value * SHARE), true));
  return view.buffer;
}
