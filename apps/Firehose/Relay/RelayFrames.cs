using System.Text;

namespace Firehose.Relay;

/// <summary>Frames that no recording holds, made byte by byte.</summary>
public static class RelayFrames
{
    /// <summary>`{op: 1, t: "#something"}` with an empty body.</summary>
    public static ReadOnlyMemory<byte> UnknownType { get; } = Of(2, "t", "#something", "op", 1, 0);

    /// <summary>`{op: 7}` with an empty body.</summary>
    public static ReadOnlyMemory<byte> UnknownOp { get; } = Of(1, "op", 7, 0);

    /// <summary>`{op: -1}` with an error's name and message.</summary>
    public static ReadOnlyMemory<byte> Error(string name, string message) => Of(1, "op", -1, 2, "error", name, "message", message);

    /// <summary>Each number up to 23, -1, text shorter than 256 bytes; the first number of each item is a map's size.</summary>
    private static ReadOnlyMemory<byte> Of(int headerSize, params object[] parts)
    {
        var bytes = new List<byte> { Map(headerSize) };
        var left = headerSize * 2;
        foreach (var part in parts)
        {
            if (left-- == 0) bytes.Add(Map((int)part));
            else if (part is int number) bytes.Add(number < 0 ? (byte)0x20 : (byte)number);
            else AddText(bytes, (string)part);
        }
        return bytes.ToArray();
    }

    private static byte Map(int size) => (byte)(0xa0 + size);

    private static void AddText(List<byte> bytes, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        if (utf8.Length < 24) bytes.Add((byte)(0x60 + utf8.Length));
        else bytes.AddRange([0x78, (byte)utf8.Length]);
        bytes.AddRange(utf8);
    }
}
