-- A key may be longer than an index entry; its first 512 characters always fit, and order as the keys do.
CREATE INDEX objects_standing_index ON objects (source_id, "left"(key, 512) COLLATE "C") WHERE state <> 'deleted';
