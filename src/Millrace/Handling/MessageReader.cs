using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Millrace.Handling;

/// <summary>Reads a body; what it throws makes the delivery a dead letter with its raw bytes.</summary>
public delegate T MessageReader<out T>(ReadOnlyMemory<byte> body);

/// <summary>The readers that come with the engine.</summary>
public static class MessageReaders
{
    /// <summary>The bytes as they are.</summary>
    public static MessageReader<ReadOnlyMemory<byte>> Raw { get; } = static body => body;

    /// <summary>JSON by source-generated metadata; no type is ever loaded from a payload.</summary>
    public static MessageReader<T> Json<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return body => JsonSerializer.Deserialize(body.Span, type) ?? throw new JsonException("the body is null");
    }

    internal static bool TryRead<T>(MessageReader<T> reader, ReadOnlyMemory<byte> body, int maxBytes, out T message, out string? fault)
    {
        message = default!;
        if (body.Length > maxBytes)
        {
            fault = $"PAY002 body of {body.Length} bytes is over the worker's limit of {maxBytes} bytes";
            return false;
        }

        try
        {
            message = reader(body);
            fault = null;
            return true;
        }
        catch (Exception error)
        {
            fault = $"PAY001 body of {body.Length} bytes cannot be read: {error.Message.ReplaceLineEndings(" ")}";
            return false;
        }
    }
}
