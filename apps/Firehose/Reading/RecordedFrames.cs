using System.Buffers.Binary;
using System.IO.Compression;

namespace Firehose.Reading;

/// <summary>Reads recorded frames: each a big-endian 32-bit length and the bytes of one WebSocket message; `.gz` files are decompressed.</summary>
public static class RecordedFrames
{
    private const int MaxFrameBytes = 5_000_000;

    /// <summary>Reads the frames of a file one after the other; the file stays open as long as the enumeration.</summary>
    /// <exception cref="InvalidDataException">A frame is cut off or its length is not 1 byte to 5 MB.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(string path)
    {
        using var file = File.OpenRead(path);
        using Stream frames = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : new BufferedStream(file, 1 << 16);
        var prefix = new byte[sizeof(uint)];
        for (var number = 0; TryReadPrefix(frames, prefix, path, number); number++)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(prefix);
            if (length is 0 or > MaxFrameBytes)
                throw new InvalidDataException($"Frame {number} of {path} says it has {length} bytes: it must have 1 to {MaxFrameBytes}.");
            var frame = new byte[length];
            if (frames.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) < frame.Length)
                throw new InvalidDataException($"Frame {number} of {path} is cut off: the file must hold {length} bytes of it.");
            yield return frame;
        }
    }

    private static bool TryReadPrefix(Stream frames, byte[] prefix, string path, int number)
    {
        var read = frames.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false);
        if (read is not 0 && read < prefix.Length) throw new InvalidDataException($"The length of frame {number} of {path} is cut off.");
        return read != 0;
    }
}
