using System.Security.Cryptography;

namespace Firehose.Reading;

/// <summary>Remembers the frames that could not be read since reading last went on, to tell one that never will be from an accident on the way.</summary>
internal sealed class RefusedFrames
{
    private const int MaxRemembered = 64;

    private readonly Dictionary<string, int> _times = new(StringComparer.Ordinal);

    /// <summary>The frame's name: the hash of its bytes.</summary>
    public static string NameOf(ReadOnlySpan<byte> frame) => Convert.ToHexStringLower(SHA256.HashData(frame));

    /// <summary>Notes one more refusal of the frame.</summary>
    /// <returns>How often it was refused by now.</returns>
    public int Count(string name)
    {
        if (_times.Count >= MaxRemembered && !_times.ContainsKey(name)) _times.Clear();
        return _times[name] = _times.GetValueOrDefault(name) + 1;
    }

    /// <summary>The frame was dealt with.</summary>
    public void Forget(string name) => _times.Remove(name);
}
