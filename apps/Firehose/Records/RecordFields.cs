using System.Diagnostics.CodeAnalysis;
using System.Text;
using Firehose.Decoding;
using Millrace.Storage;

namespace Firehose.Records;

/// <summary>
/// Walks the fields of one record, checking `$type` on the way. The readers named Required throw for a value that does not fit; the others
/// skip it and return null or nothing.
/// </summary>
internal ref struct RecordFields
{
    private readonly string _collection;
    private readonly ReadOnlySpan<byte> _record;
    private CborReader _reader;
    private CborReader.MapCursor _map;
    private bool _started;
    private bool _typed;

    public RecordFields(ReadOnlySpan<byte> record, string collection)
    {
        _record = record;
        _collection = collection;
        _reader = new CborReader(record);
    }

    /// <summary>Moves to the next field; at the end checks that `$type` was there and nothing follows.</summary>
    public bool Next(out ReadOnlySpan<byte> key)
    {
        if (!_started)
        {
            if (_reader.PeekKind() != CborKind.Map) Refuse("the record", "a map");
            _map = _reader.ReadMap("the record");
            _started = true;
        }
        while (_reader.NextKey(ref _map, out key))
        {
            if (!key.SequenceEqual("$type"u8)) return true;
            CheckType();
        }
        if (!_typed) Missing("$type");
        if (!_reader.AtEnd) throw new RecordException($"{_collection}: {_record.Length - _reader.Position} bytes follow the record.");
        return false;
    }

    /// <summary>Enters a map inside the record; reads past anything else.</summary>
    public bool Enters(out CborReader.MapCursor map)
    {
        map = default;
        if (!Is(CborKind.Map)) return false;
        map = _reader.ReadMap("a map");
        return true;
    }

    public bool NextIn(scoped ref CborReader.MapCursor map, out ReadOnlySpan<byte> key) => _reader.NextKey(ref map, out key);

    public void Skip() => _reader.Skip();

    public string RequiredText(string field)
    {
        if (_reader.PeekKind() != CborKind.Text) Refuse(field, "text");
        return RecordText.Of(_reader.ReadText(field));
    }

    public string RequiredDid(string field)
    {
        if (_reader.PeekKind() != CborKind.Text) Refuse(field, "a DID");
        var did = _reader.ReadText(field);
        if (!Did.IsValid(did)) Refuse(field, "a DID", did);
        return Encoding.Latin1.GetString(did);
    }

    public (string Uri, string Cid) RequiredReference(string field)
    {
        if (_reader.PeekKind() != CborKind.Map) Refuse(field, "a map of uri and cid");
        Reference(out var uri, out var cid);
        if (!AtUri.IsValid(uri)) Refuse($"{field}.uri", "an at-URI", uri);
        if (!Cid.IsText(cid)) Refuse($"{field}.cid", "a CID as text", cid);
        return (Encoding.Latin1.GetString(uri), Encoding.Latin1.GetString(cid));
    }

    /// <summary>Reads `{uri, cid}` without checking them; what is missing or no text stays empty.</summary>
    public void Reference(out ReadOnlySpan<byte> uri, out ReadOnlySpan<byte> cid)
    {
        uri = cid = default;
        if (!Enters(out var map)) return;
        while (_reader.NextKey(ref map, out var key))
        {
            if (key.SequenceEqual("uri"u8)) uri = Utf8Text();
            else if (key.SequenceEqual("cid"u8)) cid = Utf8Text();
            else _reader.Skip();
        }
    }

    /// <summary>The URI of a `{uri, cid}`, or null when it is no at-URI.</summary>
    public string? ReferenceUri()
    {
        Reference(out var uri, out _);
        return AtUri.IsValid(uri) ? Encoding.Latin1.GetString(uri) : null;
    }

    public string? Text() => Is(CborKind.Text) ? RecordText.Of(_reader.ReadText("text")) : null;

    public ReadOnlySpan<byte> Utf8Text() => Is(CborKind.Text) ? _reader.ReadText("text") : default;

    /// <summary>The first <paramref name="most"/> of a list of texts; null when it is empty or holds anything else.</summary>
    public string[]? Texts(int most)
    {
        if (!Is(CborKind.Array)) return null;
        var array = _reader.ReadArray("a list of texts");
        var texts = new string[Math.Min(array.Remaining, most)];
        var (count, allText) = (0, true);
        while (_reader.NextItem(ref array))
        {
            var text = Text();
            allText &= text is not null;
            if (count < texts.Length) texts[count++] = text ?? "";
        }
        return allText && count > 0 ? texts : null;
    }

    public DateTimeOffset? DateTime() => AtDateTime.TryParse(Utf8Text(), out var value) ? value : null;

    /// <summary>The value as lex-json when it is of <paramref name="kind"/>.</summary>
    public string? Json(CborKind kind) => Is(kind) ? LexJson.Read(ref _reader) : null;

    /// <summary>The CID of a blob as text: the link `ref`, or `cid` of the form before 2023.</summary>
    public string? Blob()
    {
        if (!Enters(out var map)) return null;
        var cid = default(string);
        while (_reader.NextKey(ref map, out var key))
        {
            if (key.SequenceEqual("ref"u8) && _reader.PeekKind() == CborKind.Link)
            {
                cid = Cid.TextOf(_reader.ReadLink("ref"));
            }
            else if (key.SequenceEqual("cid"u8))
            {
                var legacy = Utf8Text();
                if (Cid.IsText(legacy)) cid = Encoding.UTF8.GetString(legacy);
            }
            else
            {
                _reader.Skip();
            }
        }
        return cid;
    }

    [DoesNotReturn]
    public readonly void Missing(string field) => throw new RecordException($"{_collection}: {field} is missing, which every record of this collection must have.");

    private void CheckType()
    {
        if (_reader.PeekKind() != CborKind.Text) Refuse("$type", "the record's collection");
        var type = _reader.ReadText("$type");
        if (!Ascii.Equals(type, _collection)) Refuse("$type", "the record's collection", type);
        _typed = true;
    }

    /// <summary>Whether the next value is of <paramref name="kind"/>; reads past it when not.</summary>
    private bool Is(CborKind kind)
    {
        if (_reader.PeekKind() == kind) return true;
        _reader.Skip();
        return false;
    }

    [DoesNotReturn]
    private void Refuse(string field, string allowed)
    {
        var kind = _reader.PeekKind();
        var got = kind switch
        {
            CborKind.Integer => $"the integer {_reader.ReadInteger(field)}",
            CborKind.Text => $"the text \"{JobRules.Clip(Encoding.UTF8.GetString(_reader.ReadText(field)))}\"",
            CborKind.Boolean => _reader.ReadBoolean(field) ? "true" : "false",
            _ => kind.ToString().ToLowerInvariant(),
        };
        throw new RecordException($"{_collection}: {field} must be {allowed}, got {got}.");
    }

    [DoesNotReturn]
    private readonly void Refuse(string field, string allowed, ReadOnlySpan<byte> got) =>
        throw new RecordException($"{_collection}: {field} must be {allowed}, got {(got.IsEmpty ? "none" : $"\"{JobRules.Clip(Encoding.UTF8.GetString(got))}\"")}.");
}
